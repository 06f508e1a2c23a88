"""What stands in the customer's SMS, in the languages in which it is registered; ids are made here.

No text is of the police or of China alone: they are read under every preset of `deploy/policies`.

A vendor's account has one variable of all of them: ``{"thanks": {"zh": …, "en": …}, …}`` as JSON.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, PlainSerializer

Templates: TypeAlias = dict[str, dict[str, str]]
VARIABLE = re.compile(r"\{(\w+)\}")
TEXTS: Templates = {
    "thanks": {
        "zh": "感谢您对我们服务的监督。",
        "en": "Thank you for telling us how you were served.",
    },
    "paid": {
        "zh": "奖励话费{amount}元已到账，感谢您的监督。",
        "en": "Your reward of {amount} yuan of airtime has arrived. Thank you.",
    },
    "code": {
        "zh": "验证码{code}，10分钟内有效。不要告诉别人。",
        "en": "Your code is {code}, good for 10 minutes. Tell nobody.",
    },
    "invitation": {
        "zh": "随机抽到请您评一评，一次有效，也可以点进去退订：{link}",
        "en": "You were drawn to rate a visit, once; you can also opt out there: {link}",
    },
    "unreached": {
        "zh": "您反映的事，我们几次去电未接通。核查照常进行，结果见回执。",
        "en": "We could not reach you by phone. The check goes on; see your receipt.",
    },
    "receipt": {
        "zh": "您反映的事已经登记，在这里看进展：{link}",
        "en": "What you told us is on record. See how it goes: {link}",
    },
    "word": {
        "zh": "您反映的事还在办理，经办人员在回执上给您留了话。",
        "en": "Your case is still open. There is a word for you on your receipt.",
    },
    "urgent": {
        "zh": "有急件等人接，请马上登录工作台。",
        "en": "An urgent request waits. Please open the desk at once.",
    },
    "question": {
        "zh": (
            "您反映的事解决了吗？回1：解决了，满意；回2：解决了，对办理不满意；回3：没解决。退订回T。"
        ),
        "en": "Is it solved? Reply 1: yes, satisfied; 2: yes, not satisfied; 3: no. T to opt out.",
    },
    "howto": {
        "zh": "没看懂您的回复。请只回1、2或3，也可在回执上说。退订回T。",
        "en": "We did not understand. Please reply 1, 2 or 3, or use your receipt. T to opt out.",
    },
    "notice": {
        "zh": "有新的督办通知等您单位签收，请登录工作台。",
        "en": "A new supervision notice waits for your unit. Please open the desk.",
    },
    "money": {
        "zh": "有奖励话费快到期还没发出，请登录工作台处理。",
        "en": "Airtime rewards are unpaid and nearly late. Please open the desk.",
    },
}


def read(text: object) -> object:
    """JSON as a variable has it."""
    return json.loads(text) if isinstance(text, str) else text


def numbered(form: Callable[[int], str]) -> Templates:
    """An id for each text: Chinese from 1 on, the next language from 101."""
    return {
        purpose: {
            language: form(100 * place + number)
            for place, language in enumerate(sorted(said)[::-1])
        }
        for number, (purpose, said) in enumerate(TEXTS.items(), 1)
    }


def by_id(templates: Templates) -> Mapping[str, str]:
    """The texts by the ids under which they are registered."""
    return {
        own: TEXTS[purpose][language]
        for purpose, ids in templates.items()
        for language, own in ids.items()
        if language in TEXTS.get(purpose, {})
    }


def filled(text: str, values: Mapping[str, str]) -> str:
    """What the phone shows; a variable without a value stays."""
    return VARIABLE.sub(lambda m: values.get(m[1], m[0]), text)


def as_value(templates: Templates) -> str:
    """The variable."""
    return json.dumps(templates, ensure_ascii=False)


Registered = Annotated[Templates, BeforeValidator(read), PlainSerializer(as_value)]
