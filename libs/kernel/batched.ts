import { atPresent } from './earlier-moment.js';
import { StoreUnavailable } from './errors.js';

interface Request<Question, Answer> {
  question: Question;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Collects the questions that concurrent work asks, and asks them together. A question is asked after its call, so that the
 * answer is newer than that. They are about the present, also if the caller is not.
 * @param ask answers in the order of the questions; if it fails, so do all of them
 * @param limits the most questions in one batch, and the most batches at a time
 */
export function batched<Question, Answer>(
  ask: (questions: readonly Question[]) => Promise<readonly Answer[]>,
  { most, atOnce }: { most: number; atOnce: number },
): (question: Question) => Promise<Answer> {
  const waiting: Request<Question, Answer>[] = [];
  let underWay = 0;
  let isScheduled = false;

  async function serve(batch: readonly Request<Question, Answer>[]): Promise<void> {
    underWay++;
    try {
      const answers = await atPresent(() => ask(batch.map(({ question }) => question)));
      for (const [i, { resolve }] of batch.entries()) resolve(answers[i]!);
    } catch (error) {
      // While the store is unreachable, later ones would fail too, one after the other, and wait ever longer.
      const behind = error instanceof StoreUnavailable ? waiting.splice(0) : [];
      for (const { reject } of [...batch, ...behind]) reject(error);
    } finally {
      underWay--;
      serveMore();
    }
  }

  function serveMore(): void {
    while (underWay < atOnce && waiting.length > 0) void serve(waiting.splice(0, most));
  }

  return (question) =>
    new Promise((resolve, reject) => {
      waiting.push({ question, resolve, reject });
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(() => {
        isScheduled = false;
        serveMore();
      });
    });
}
