"""The program inside the sandbox. Mounted alone: imports only the standard library, numpy, torch and itself."""
