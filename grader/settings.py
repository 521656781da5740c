"""Configuration: environment variables `GRADER_*`, or a `.env` beside the course."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from grader.sandbox import SandboxName


class Settings(BaseSettings):
    """What an installation decides once; the command line overrides it per call."""

    model_config = SettingsConfigDict(env_prefix="GRADER_", frozen=True, extra="ignore")

    course: Path | None = None
    """Course folder; None looks upward from the working directory, then beside the package."""
    cache_dir: Path | None = None
    """Where data packs are kept; None is the platform's user cache."""
    sandbox: SandboxName = "auto"
    """Sandbox used where the command line names none."""
    image: str = "deep-grader-sandbox:latest"
    """Docker image of the sandbox."""
    docker_runtime: str | None = None
    """Docker runtime, such as `runsc` for gVisor; None is the engine's default."""
    gradebook: Path | None = None
    """Folder in which results of batches are kept; None is `gradebook` in the working directory."""
    database: str | None = None
    """URL of the gradebook's database, such as `postgresql://…`; None is SQLite in the gradebook's folder."""
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """How often a grading that the machine cut short is begun before it is given up as not graded."""
    language: Literal["en", "ko"] | None = None
    """Language of messages and reports; None follows the system's locale."""
