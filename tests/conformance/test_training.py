"""What honest missions need works everywhere."""

from tests.conformance.running import MIB, Runner


def test_torch_and_its_companions_import(runner: Runner) -> None:
    code = "import torch, torchvision, albumentations, numpy; print(torch.ones(2).sum().item())"
    outcome = runner.run(code, memory_bytes=4096 * MIB)
    assert outcome.stdout == "2.0\n", outcome.stderr


def test_data_loader_with_workers_works(runner: Runner) -> None:
    code = """
        import torch
        from torch.utils.data import DataLoader, TensorDataset
        data = TensorDataset(torch.arange(64.).reshape(64, 1).repeat(1, 3 * 32 * 32))
        if __name__ == "__main__":
            for _ in range(2):
                total = sum(batch.sum().item() for batch, in DataLoader(data, batch_size=8, num_workers=2))
            print(total == 64 * 63 / 2 * 3 * 32 * 32)
    """
    outcome = runner.run(code, memory_bytes=4096 * MIB, processes=256)
    assert outcome.stdout == "True\n", outcome.stderr


def test_training_step_runs_and_frees(runner: Runner) -> None:
    code = """
        import torch
        from torch import nn
        model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 26 * 26, 10))
        optimizer = torch.optim.Adam(model.parameters())
        for _ in range(3):
            labels = torch.zeros(32, dtype=torch.long)
            loss = nn.functional.cross_entropy(model(torch.rand(32, 1, 28, 28)), labels)
            optimizer.zero_grad(); loss.backward(); optimizer.step()
        print(torch.isfinite(loss).item())
    """
    outcome = runner.run(code, memory_bytes=4096 * MIB, processes=256)
    assert outcome.stdout == "True\n", outcome.stderr
