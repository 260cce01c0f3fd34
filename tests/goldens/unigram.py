"""Recipe of unigram.json: segmentations, k-best lists, marginals and entropies as SentencePiece computes them.

    python -m venv venv && venv/bin/pip install sentencepiece==0.2.0
    venv/bin/python tests/goldens/unigram.py > tests/goldens/unigram.json

The texts were written for this file.
"""

import io
import json
import sentencepiece

TEXTS = [
    "The newest winter coat is warmer than the oldest one, and the longest scarf is softer than the shortest.",
    "A printer prints, a painter paints, a player plays; the painted, printed and played things are presented.",
    "The fastest runner ran faster than the slowest walker walked, and the slower walkers rested longest.",
    "We test the newest printers and the oldest ones; the tested printers printed the longest text fastest.",
    "In 1999 there were 12 students; in 2024 there are 2,024 students, and most students rested and tested.",
    "She walks, he walked, they are walking; she plays, he played, they are playing; she tests, he tested.",
    "我是一名学生。你是一名老师。他是一名医生,她也是一名医生。",
    "学生们在学校里学习,老师们在学校里教学生。学生喜欢学校,也喜欢老师。",
    "今天天气很好,明天天气也很好,昨天天气不太好。",
    "🙂🙂🙃 🙂🙃 banana bananas banana anan nananana aaaa aaaaa aaaaaaaa",
]
SAMPLES = TEXTS + [
    "The shortest printer isn't the newest.",
    "学生喜欢天气。",
    "aaaaaaaaaaaaa bananananas",
    "  two  spaces   three ",
    "Zürich 東京 xyz",
    "",
    " ",
    "est",
]
ALPHAS = [0.1, 0.5, 1.0, 2.0]


def case(vocab_size: int, byte_fallback: bool) -> dict:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS),
        model_writer=model,
        model_type="unigram",
        vocab_size=vocab_size,
        character_coverage=1.0,
        byte_fallback=byte_fallback,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        minloglevel=2,
    )
    sp = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    ids = [id for id in range(sp.get_piece_size()) if not (sp.is_control(id) or sp.is_unknown(id) or sp.is_byte(id))]
    marginals = []
    for text in SAMPLES:
        row = []
        for alpha in ALPHAS:
            # A drawn segmentation comes with alpha times its score less the marginal.
            if text == "":
                row.append(0.0)
                continue
            [(pieces, score)] = sp.sample_encode_and_score(text, num_samples=1, alpha=alpha, wor=False, out_type=str)
            own = sum(sp.get_score(sp.piece_to_id(piece)) for piece in pieces)
            row.append(None if any(sp.is_unknown(sp.piece_to_id(piece)) for piece in pieces) else alpha * own - score)
        marginals.append(row)
    return {
        "byteFallback": byte_fallback,
        "pieces": [[sp.id_to_piece(id), sp.get_score(id)] for id in ids],
        "segmentations": sp.encode(SAMPLES, out_type=str),
        "unknown": [[id == sp.unk_id() for id in row] for row in sp.encode(SAMPLES, out_type=int)],
        "nBest": [[] if text == "" else sp.nbest_encode_as_pieces(text, 6) for text in SAMPLES],
        "marginals": marginals,
        "entropies": [[0.0 if text == "" else sp.calculate_entropy(text, alpha) for alpha in ALPHAS] for text in SAMPLES],
        "decoded": [sp.decode(row) for row in sp.encode(SAMPLES, out_type=int)],
    }


made = {"made with": f"sentencepiece {sentencepiece.__version__}", "texts": TEXTS, "samples": SAMPLES, "alphas": ALPHAS}
print(json.dumps({**made, "cases": [case(130, False), case(386, True)]}, ensure_ascii=False))
