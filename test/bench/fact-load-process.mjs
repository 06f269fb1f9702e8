import { imageTraffic } from './image-traffic.mjs';
import { batchRequest, post } from './posting.mjs';

/*
 * node fact-load-process.mjs URL CONNECTIONS BATCH, with the token in BENCH_TOKEN: posts facts at the maximum rate until
 * SIGTERM, and then prints the rate in events per second.
 */

const [url, connections, batch] = process.argv.slice(2);
const size = Number(batch);
const token = process.env.BENCH_TOKEN;
const traffic = imageTraffic();
let posted = 0;
let stopped = false;
process.once('SIGTERM', () => {
  stopped = true;
});

const started = performance.now();
await post({ url }, Number(connections), size, () => {
  if (stopped) return undefined;
  posted += size;
  return batchRequest(token, traffic.take(size));
});
console.log((posted * 1000) / (performance.now() - started));
