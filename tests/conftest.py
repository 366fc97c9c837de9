import pytest
import torch

torch.set_num_threads(min(2, torch.get_num_threads()))


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def tiny():
    """The shipped tiny model and its processor."""
    import dsvl_min

    return dsvl_min.load("tiny")
