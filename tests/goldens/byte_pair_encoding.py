"""Recipe of byte_pair_encoding.json: merges and ids as Hugging Face tokenizers computes them.

    python -m venv venv && venv/bin/pip install tokenizers==0.23.3
    venv/bin/python tests/goldens/byte_pair_encoding.py > tests/goldens/byte_pair_encoding.json

The texts were written for this file.
"""

import json
from tokenizers import Regex, Tokenizer, __version__, models, pre_tokenizers, trainers

TEXTS = [
    "The newest winter coat is warmer than the oldest one, and the longest scarf is softer than the shortest.",
    "A printer prints, a painter paints, a player plays; the painted, printed and played things are presented.",
    "We're sure they've seen it: she'll say it's hers, I'd say it's mine, and he won't say anything.",
    "In 1999 there were 12 students; in 2024 there are 2,024.   Three spaces stand before this sentence.",
    "line one\nline two\n\n\tline three after a tab\r\nline four  \n",
    "Naïve café owners — déjà vu! — paid 30 € for œufs à la coque.",
    "我是一名学生。你是一名老师。他是一名医生,她也是一名医生。",
    "学生们在学校里学习,老师们在学校里教学生。学生喜欢学校,也喜欢老师。",
    "今天天气很好,明天天气也很好,昨天天气不太好。",
    "🙂🙂🙃 👩‍👩‍👧‍👦 🇨🇳🇨🇳 1️⃣ a͡b ẽ́",
    "banana bananas banana anan nananana aaaa aaaaa aaaaaaaa",
]
SAMPLES = TEXTS + ["The shortest printer isn't the newest.", "学生喜欢天气。", "aaaaaaaaaaaaa bananananas"]
SPECIAL = ["<pad>", "<begin>", "<end>", "<unknown>"]
PIECE = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def train(level: str, vocab_size: int, min_frequency: int) -> dict:
    tokenizer = Tokenizer(models.BPE())
    if level == "bytes":
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(PIECE), "isolated")
        alphabet = []
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=min_frequency,
        special_tokens=SPECIAL,
        initial_alphabet=alphabet,
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    return {
        "level": level,
        "vocabSize": vocab_size,
        "minFrequency": min_frequency,
        "tokens": tokens,
        "merges": model["merges"],
        "ids": [tokenizer.encode(sample).ids for sample in SAMPLES],
    }


cases = [train("characters", 400, 2), train("bytes", 400, 2), train("bytes", 2000, 1), train("characters", 250, 1)]
print(json.dumps({"made with": f"tokenizers {__version__}", "texts": TEXTS, "samples": SAMPLES, "cases": cases}, ensure_ascii=False))
