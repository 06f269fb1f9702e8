/**
 * A question that many ask at once. Callers that ask while it is being answered share the next answer: each answer is as of
 * a time after its callers asked.
 */
export class LatestAnswer<Answer> {
  private current: Promise<unknown> = Promise.resolve();
  private next: Promise<Answer> | undefined;

  constructor(private readonly ask: () => Promise<Answer>) {}

  get(): Promise<Answer> {
    this.next ??= this.current
      .catch(() => {})
      .then(() => {
        this.next = undefined;
        const answer = this.ask();
        this.current = answer;
        return answer;
      });
    return this.next;
  }
}
