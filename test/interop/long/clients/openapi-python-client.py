"""Calls the server with the client of openapi-python-client."""

import json
import os

from gatehouse import AuthenticatedClient
from gatehouse.api.access import evaluate
from gatehouse.api.accounts import show_account
from gatehouse.api.events import read_feed
from gatehouse.api.waitlist import join_waitlist
from gatehouse.models import (
    Action,
    EvaluationRequest,
    EventResults,
    ImageSharedEvent,
    ImageSharedEventData,
    JoinWaitlistBody,
    Resource,
    Subject,
)

client = AuthenticatedClient(base_url=os.environ["GATEHOUSE_URL"], token=os.environ["GATEHOUSE_TOKEN"])
joined = join_waitlist.sync(client=client, body=JoinWaitlistBody(email="opc@example.org"))
question = EvaluationRequest(
    subject=Subject(type_="account", id=joined.account_id),
    action=Action(name="generate"),
    resource=Resource(type_="product", id="images"),
)
evaluation = evaluate.sync(client=client, body=question)
event = ImageSharedEvent(
    specversion="1.0",
    id="1",
    source="/opc",
    type_="ImageShared",
    data=ImageSharedEventData(image_id="img-opc", account_id=joined.account_id),
)
# Its function for an operation with several media types asks isinstance(…, list[…]), which Python refuses.
response = client.get_httpx_client().post(
    "/v1/events", json=event.to_dict(), headers={"content-type": "application/cloudevents+json"}
)
results = EventResults.from_dict(response.json())
problem = show_account.sync(client=client, id="nobody")
page = read_feed.sync(client=client)
print(
    json.dumps(
        {
            "decision": evaluation.decision,
            "hasReason": bool(evaluation.context.reason),
            "outcome": str(results.results[0].outcome),
            "problem": [problem.status, problem.type_.rsplit("/", 1)[-1]],
            "feed": any(one.type_ == "WaitlistJoined" for one in page.events),
        }
    )
)
