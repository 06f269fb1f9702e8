import { Refusal } from '../kernel/errors.js';
import { within } from '../kernel/wait.js';
import { replayRunning } from './replay-running.js';

/** Answers that are kept: the past does not change. */
const MAX_KEPT = 32;

/** Answers from replays of the log, one at a time. A caller that asks again gets the one that was computed meanwhile. */
export class EarlierAnswers<Answer> {
  private readonly kept = new Map<string, Answer>();
  private running: { key: string; answer: Promise<Answer> } | undefined;

  /** @param waitMs how long a caller waits for a replay */
  constructor(private readonly waitMs: number) {}

  /**
   * @param key the same for the same answer
   * @throws Unavailable replay-running if the replay goes on, or another one does
   */
  async read(key: string, replay: () => Promise<Answer>): Promise<Answer> {
    const known = this.kept.get(key);
    if (known) return known;
    if (this.running && this.running.key !== key) throw replayRunning();
    this.running ??= { key, answer: this.keep(key, replay) };
    const { answer } = this.running;
    answer.catch(() => {}); // the caller may have gone; another one gets the error
    return within(
      this.waitMs,
      () => answer,
      () => replayRunning(),
    );
  }

  private async keep(key: string, replay: () => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await replay();
      const oldest = this.kept.keys().next();
      if (this.kept.size >= MAX_KEPT && !oldest.done) this.kept.delete(oldest.value);
      this.kept.set(key, answer);
      return answer;
    } catch (error) {
      // One of the views is being rebuilt or verified.
      throw error instanceof Refusal ? replayRunning() : error;
    } finally {
      this.running = undefined;
    }
  }
}
