"""Calls the server with the Python client of openapi-generator."""

import json
import os

import gatehouse

configuration = gatehouse.Configuration(
    host=os.environ["GATEHOUSE_URL"], access_token=os.environ["GATEHOUSE_TOKEN"]
)
with gatehouse.ApiClient(configuration) as api:
    joined = gatehouse.WaitlistApi(api).join_waitlist(gatehouse.JoinWaitlistBody(email="python@example.org"))
    question = gatehouse.EvaluationRequest(
        subject=gatehouse.Subject(type="account", id=joined.account_id),
        action=gatehouse.Action(name="generate"),
        resource=gatehouse.Resource(type="product", id="images"),
    )
    evaluation = gatehouse.AccessApi(api).evaluate(question)
    event = gatehouse.ImageSharedEvent(
        specversion="1.0",
        id="1",
        source="/python",
        type="ImageShared",
        data=gatehouse.ImageSharedEventData(imageId="img-python", accountId=joined.account_id),
    )
    results = gatehouse.EventsApi(api).send_events(gatehouse.IncomingEvent(event))
    try:
        gatehouse.AccountsApi(api).show_account("nobody")
        problem = None
    except gatehouse.ApiException as error:
        problem = [error.status, json.loads(error.body)["type"].rsplit("/", 1)[-1]]
    page = gatehouse.EventsApi(api).read_feed()

print(
    json.dumps(
        {
            "decision": evaluation.decision,
            "hasReason": bool(evaluation.context.reason),
            "outcome": results.results[0].outcome,
            "problem": problem,
            "feed": any(one.actual_instance.type == "WaitlistJoined" for one in page.events),
        }
    )
)
