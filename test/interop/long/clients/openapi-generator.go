// Calls the server with the Go client of openapi-generator.
package main

import (
	"context"
	"encoding/json"
	"os"
	"strings"

	"gatehouse.test/client"
)

func main() {
	configuration := gatehouse.NewConfiguration()
	configuration.Servers = gatehouse.ServerConfigurations{{URL: os.Getenv("GATEHOUSE_URL")}}
	api := gatehouse.NewAPIClient(configuration)
	ctx := context.WithValue(context.Background(), gatehouse.ContextAccessToken, os.Getenv("GATEHOUSE_TOKEN"))

	joined, _, err := api.WaitlistAPI.JoinWaitlist(ctx).JoinWaitlistBody(*gatehouse.NewJoinWaitlistBody("go@example.org")).Execute()
	check(err)
	question := gatehouse.NewEvaluationRequest(
		*gatehouse.NewSubject("account", joined.GetAccountId()),
		*gatehouse.NewAction("generate"),
		*gatehouse.NewResource("product", "images"),
	)
	evaluation, _, err := api.AccessAPI.Evaluate(ctx).EvaluationRequest(*question).Execute()
	check(err)
	data := gatehouse.NewImageSharedEventData("img-go", joined.GetAccountId())
	event := gatehouse.NewImageSharedEvent("1.0", "1", "/go", "ImageShared", *data)
	sent := gatehouse.ImageSharedEventAsIncomingEvent(event)
	results, _, err := api.EventsAPI.SendEvents(ctx).IncomingEvent(sent).Execute()
	check(err)
	_, response, err := api.AccountsAPI.ShowAccount(ctx, "nobody").Execute()
	problem := err.(*gatehouse.GenericOpenAPIError).Model().(gatehouse.Problem)
	page, _, err := api.EventsAPI.ReadFeed(ctx).Execute()
	check(err)
	feed := false
	for _, one := range page.GetEvents() {
		feed = feed || one.WaitlistJoinedPublished != nil
	}

	check(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"decision":  evaluation.GetDecision(),
		"hasReason": evaluation.Context.GetReason() != "",
		"outcome":   results.GetResults()[0].GetOutcome(),
		"problem":   []any{response.StatusCode, problem.GetType()[strings.LastIndex(problem.GetType(), "/")+1:]},
		"feed":      feed,
	}))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
