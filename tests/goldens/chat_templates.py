"""Chat templates of three families, run by jinja2 as `transformers` sets it up.

pip install jinja2==3.1.6
python tests/goldens/chat_templates.py
"""

import json
import pathlib

from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

TEMPLATES = {
    # SmolLM2-135M-Instruct: ChatML, with a system message of its own.
    "ChatML": (
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
        "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}"
        "{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    ),
    "Llama 3": (
        "{% set loop_messages = messages %}{% for message in loop_messages %}"
        "{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim "
        "+ '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
    ),
    "Mistral": (
        "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
        "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
        "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}"
        "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"
    ),
}
TOKENS = {
    "ChatML": {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"},
    "Llama 3": {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"},
    "Mistral": {"bos_token": "<s>", "eos_token": "</s>"},
}
user, assistant, system = ({"role": role} for role in ("user", "assistant", "system"))
CONVERSATIONS = {
    "a question": [user | {"content": "What is attention?"}],
    "a system message": [system | {"content": "Be brief."}, user | {"content": "  Hello,\nyou \n"}],
    "two turns": [user | {"content": "你好"}, assistant | {"content": "Hello!"}, user | {"content": "Again"}],
    "two questions in a row": [user | {"content": "one"}, user | {"content": "two"}],
}


def raise_exception(message):
    raise TemplateError(message)


def outcome(name, messages):
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.globals["raise_exception"] = raise_exception
    template = environment.from_string(TEMPLATES[name])
    try:
        return {"text": template.render(messages=messages, add_generation_prompt=True, **TOKENS[name])}
    except TemplateError as error:
        return {"error": str(error)}


cases = {
    name: {
        "template": template,
        "tokens": TOKENS[name],
        "outcomes": {title: outcome(name, messages) for title, messages in CONVERSATIONS.items()},
    }
    for name, template in TEMPLATES.items()
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"conversations": CONVERSATIONS, "cases": cases}, ensure_ascii=False, indent=2) + "\n")
