"""One step of training on what heed exported, by as many processes as torchrun starts.

    torchrun --nproc-per-node 2 tests/goldens/export_step.py FOLDER OUT

Each process reads its part of a batch, gradients are averaged, and the first one saves. Run by export.py.
"""

import json
import os
import sys

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from transformers import AutoModelForCausalLM

TOKENS = [3, 1, 4, 1, 5, 9, 2, 6, 5]
folder, out = sys.argv[1:]
dist.init_process_group("gloo")
rank, size = dist.get_rank(), dist.get_world_size()
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
parallel = DistributedDataParallel(model)
optimizer = torch.optim.SGD(parallel.parameters(), lr=0.1)
batch = torch.tensor([[(3 * i + 7 * row + 1) % 20 for i in range(8)] for row in range(2 * size)])
own = batch[rank::size]
loss = parallel(input_ids=own, labels=own).loss
loss.backward()
optimizer.step()
if rank == 0:
    model.save_pretrained(out)
    with torch.no_grad():
        logits = model.eval()(torch.tensor([TOKENS])).logits[0]
    with open(os.path.join(out, "step.json"), "w") as file:
        json.dump({"processes": size, "loss": float(loss), "logits": [[round(float(x), 6) for x in row] for row in logits]}, file)
dist.barrier()
dist.destroy_process_group()
