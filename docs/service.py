"""A web service that decides about posts with one run, an ONNX export or any other.

    pip install fastapi uvicorn
    RUN=outputs/my-export uvicorn service:app --app-dir docs

    curl localhost:8000/decide -H 'Content-Type: application/json' -d '{"texts": ["..."]}'

It keeps no text and logs none. Put it behind whatever your organisation asks for: who may call it,
encryption, and a person who reads what is referred.
"""

import os

from fastapi import FastAPI
from pydantic import BaseModel, Field

import mental_health_classifier as mhc

# The run's files are checked against its record here; without a certificate this refuses to start.
predictor = mhc.Predictor.load(os.environ["RUN"])
app = FastAPI(title="mental-health-classifier", docs_url=None, redoc_url=None)


class Posts(BaseModel):
    texts: list[str] = Field(min_length=1, max_length=256)


@app.post("/decide")
def decide(posts: Posts) -> list[dict]:
    """Alert, refer to a person, or no alert, for each post; whatever goes wrong, it is referred."""
    judged = predictor.judge(posts.texts)
    names = predictor.task.class_names
    return [
        {
            "decision": decision.action,
            "reason": decision.reason,
            "certified": predictor.is_certified,
            # NaN, where the model said nothing of a post, has no form in JSON.
            "probabilities": {n: p if p == p else None for n, p in zip(names, row, strict=True)},
        }
        for decision, row in zip(judged.decisions, judged.probabilities.tolist(), strict=True)
    ]
