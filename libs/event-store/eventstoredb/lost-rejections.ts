/*
 * The client libraries lose promises: while one request discovers the cluster, another that fails waits for the same
 * discovery in a promise that nobody holds. Its rejection would end the process. The requests themselves have failed with
 * the same error and are retried, so such a rejection needs no more than a line in the log.
 */

type Report = (error: Error) => void;

/** Where such an error was created; grpc-js is the transport of the clients. */
const CREATED_BY_CLIENT = /^\s*at .*node_modules[\\/](?:@eventstore[\\/]|@kurrent[\\/]|@grpc[\\/])/;

const reports = new Set<Report>();

/** Reports rejections that a client library lost, instead of ending the process. @returns stops it */
export function reportLostRejections(report: Report): () => void {
  if (reports.size === 0) process.on('unhandledRejection', onRejection);
  reports.add(report);
  return () => {
    reports.delete(report);
    if (reports.size === 0) process.off('unhandledRejection', onRejection);
  };
}

/** Every other rejection ends the process, as it does without a listener. */
function onRejection(reason: unknown): void {
  if (!isLostByClient(reason)) throw reason;
  for (const report of reports) report(reason);
}

function isLostByClient(reason: unknown): reason is Error {
  const created = reason instanceof Error ? reason.stack?.split('\n').find((line) => /^\s*at /.test(line)) : undefined;
  return created !== undefined && CREATED_BY_CLIENT.test(created);
}
