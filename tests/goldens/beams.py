"""Beam search of transformers under its three rules for stopping early.

A model whose logits are a row of a table, chosen by the last token, plus a row chosen by its position, is enough: the search sees
nothing else, and no two texts are equally probable.

    python3 -m venv venv && venv/bin/pip install torch==2.15.0 transformers==5.24.0
    venv/bin/python tests/goldens/beams.py > tests/goldens/beams.json
"""

import json

import torch
from transformers import GenerationConfig, GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

VOCABULARY, PROMPT, LENGTH = 9, [3, 4], 12


class TableConfig(PretrainedConfig):
    model_type = "table"


class Table(PreTrainedModel, GenerationMixin):
    config_class = TableConfig

    def __init__(self, config, table, places):
        super().__init__(config)
        self.table, self.places = torch.nn.Parameter(table), torch.nn.Parameter(places)

    def prepare_inputs_for_generation(self, input_ids, **_):
        return {"input_ids": input_ids}

    def forward(self, input_ids, **_):
        return CausalLMOutput(logits=self.table[input_ids] + self.places[: input_ids.shape[1]])


cases = []
tables, places = [], []


def rounded(rows, columns, generator):
    # Four decimals, so that both programs have the same numbers.
    return torch.round(1.5 * torch.randn(rows, columns, generator=generator) * 10000) / 10000


for seed in range(4):
    generator = torch.Generator().manual_seed(seed)
    table, place = rounded(VOCABULARY, VOCABULARY, generator), rounded(len(PROMPT) + LENGTH, VOCABULARY, generator)
    table[:, 0] += 0.5
    for numbers, where in [(table, tables), (place, places)]:
        where.append([[round(x, 4) for x in row] for row in numbers.tolist()])
    model = Table(TableConfig(vocab_size=VOCABULARY, is_encoder_decoder=False, num_hidden_layers=1, hidden_size=4), table, place).eval()
    for beams in [2, 3, 4]:
        for penalty in [-1.0, 0.0, 0.6, 1.0, 2.0]:
            for stopping in [True, False, "never"]:
                for ends in [0, [0, 5]]:
                    config = GenerationConfig(
                        max_new_tokens=LENGTH,
                        num_beams=beams,
                        num_return_sequences=beams,
                        length_penalty=penalty,
                        early_stopping=stopping,
                        eos_token_id=ends,
                        pad_token_id=8,
                        do_sample=False,
                        use_cache=False,
                        output_scores=True,
                        return_dict_in_generate=True,
                    )
                    found = model.generate(torch.tensor([PROMPT]), generation_config=config)
                    stops = [ends] if isinstance(ends, int) else ends
                    texts = []
                    for row in found.sequences[:, len(PROMPT):].tolist():
                        end = next((i for i, token in enumerate(row) if token in stops), None)
                        texts.append(row if end is None else row[:end])
                    scores = [round(x, 5) for x in found.sequences_scores.tolist()]
                    case = {"table": seed, "numBeams": beams, "lengthPenalty": penalty, "earlyStopping": stopping}
                    cases.append({**case, "eosToken": ends, "texts": texts, "scores": scores})

print(json.dumps({"prompt": PROMPT, "maxNewTokens": LENGTH, "tables": tables, "places": places, "cases": cases}))
