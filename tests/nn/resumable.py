"""A run that test_resume.py kills and starts again: `python -m tests.nn.resumable FILE EVERY PREFETCH RESULT`."""

import hashlib
import json
import sys
from pathlib import Path
from time import sleep

import numpy as np

import nn

RNG = np.random.default_rng(0)
X = RNG.standard_normal((70, 5))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


class Trace(nn.Callback):
    """Says on stdout that a step is done, and remembers all losses."""

    def __init__(self, pause):
        self.pause, self.losses = pause, []

    def on_batch_end(self, context):
        self.losses.append(context.loss)
        print(context.step, flush=True)
        sleep(self.pause)

    def state_dict(self):
        return {"losses": self.losses}

    def load_state_dict(self, state):
        self.losses = list(state["losses"])


def digest(*trees):
    """A hash of all bits in state dicts."""
    found = hashlib.sha256()

    def walk(tree):
        if isinstance(tree, dict):
            for key in tree:
                found.update(str(key).encode())
                walk(tree[key])
        elif isinstance(tree, list | tuple):
            for item in tree:
                walk(item)
        elif isinstance(tree, np.ndarray):
            found.update(tree.tobytes())
        else:
            found.update(repr(tree).encode())

    for tree in trees:
        walk(tree)
    return found.hexdigest()


def trained(file, every, prefetch=0, pause=0.0, epochs=9):
    """What comes out of the run, as JSON takes it."""
    nn.manual_seed(3)
    model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 2))
    optimizer = nn.AdamW(model.parameters(), lr=0.05)
    loader = nn.DataLoader((X[:50], Y[:50]), 8, shuffle=True, generator=np.random.default_rng(5), prefetch=prefetch)
    trace = Trace(pause)
    best = nn.BestWeights("val_accuracy")
    stopping = nn.EarlyStopping("val_accuracy", patience=2)
    history = nn.fit(
        model, loader, loss=nn.CrossEntropyLoss(), optimizer=optimizer, epochs=epochs, validation=(X[50:], Y[50:]),
        metrics={"accuracy": "accuracy", "f1": "f1_macro", "whole": nn.metrics.whole_epoch(nn.accuracy)},
        scheduler=nn.optim.lr_scheduler.OneCycleLR(optimizer, 0.2, 60), scheduler_step="batch", clip_norm=1.0,
        callbacks=[trace, best, stopping], checkpoint=file, checkpoint_every=every, resume=True, progress=False,
    )  # fmt: skip
    del history["seconds"]
    return {
        "history": dict(history),
        "state": digest(model.state_dict(), optimizer.state_dict()),
        "losses": trace.losses,
        "best": [best.best, best.best_epoch, stopping.best_epoch],
        "random": [nn.random.default_generator.random(), loader.generator.random()],
    }


if __name__ == "__main__":
    file, every, prefetch, result = sys.argv[1:]
    found = trained(file, int(every) or None, int(prefetch), pause=0.002)
    Path(result).write_text(json.dumps(found))
