"""The scripts here need a peer installed; tests read only what they wrote."""

collect_ignore_glob = ["make_*.py", "torch_*.py", "gpt2/*.py"]
