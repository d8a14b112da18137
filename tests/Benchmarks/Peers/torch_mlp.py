#!/usr/bin/env python3
"""The network of the benchmark trained by PyTorch, in one process or by DistributedDataParallel over gloo.

    torch_mlp.py DATA BATCH HIDDEN PROCESSES EPOCHS

OPENBLAS_NUM_THREADS says how many threads its matrix products use; the rest runs on one, which is fastest beside them.

DATA holds the four uncompressed MNIST files. Prints the images/s of the best epoch.
"""
import os, subprocess, sys, time

data, batch, hidden, processes, epochs = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
rank = int(os.environ.get("RANK", 0))
if processes > 1 and "RANK" not in os.environ:
    shared = dict(os.environ, MASTER_ADDR="127.0.0.1", MASTER_PORT="29532", WORLD_SIZE=str(processes), GLOO_SOCKET_IFNAME="lo")
    children = [subprocess.Popen([sys.executable, *sys.argv], env=dict(shared, RANK=str(r))) for r in range(processes)]
    sys.exit(max(child.wait() for child in children))

import numpy, torch

torch.set_num_threads(1)
torch.manual_seed(1)
if processes > 1:
    torch.distributed.init_process_group("gloo")
read = lambda name, head: numpy.frombuffer(open(os.path.join(data, name), "rb").read()[head:], numpy.uint8)
x = torch.from_numpy(read("train-images-idx3-ubyte", 16).reshape(-1, 784).astype(numpy.float32) / 255)
y = torch.from_numpy(read("train-labels-idx1-ubyte", 8).astype(numpy.int64))
widths = [784, *map(int, hidden.split(","))]
layers = [layer for i, o in zip(widths, widths[1:]) for layer in (torch.nn.Linear(i, o), torch.nn.ReLU())]
network = torch.nn.Sequential(*layers, torch.nn.Linear(widths[-1], 10))
model = torch.nn.parallel.DistributedDataParallel(network) if processes > 1 else network
optimizer = torch.optim.Adam(model.parameters())
loss_of, steps, best = torch.nn.CrossEntropyLoss(), len(x) // batch, 0.0
for epoch in range(epochs):
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(epoch))
    start = time.perf_counter()
    for i in range(steps):
        rows = order[i * batch:(i + 1) * batch][rank::processes]
        optimizer.zero_grad()
        loss_of(model(x[rows]), y[rows]).backward()
        optimizer.step()
    best = max(best, steps * batch / (time.perf_counter() - start))
if rank == 0:
    print(round(best))
