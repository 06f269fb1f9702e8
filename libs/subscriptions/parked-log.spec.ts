import { expect, it } from '@jest/globals';
import { newEvent } from '../event-store/sample-events.contract.js';
import { createLogger } from '../platform/logging/logger.js';
import { parkedBy } from './parked-keys.js';
import { logParked, logParkedEvent } from './parked-log.js';

it('logs a parked key with its error, in the trace of the request that led to its event', () => {
  const lines: string[] = [];
  const logger = createLogger({ logLevel: 'info', logFormat: 'json' }, { write: (line) => lines.push(line) });
  const given = newEvent('ImageShared', { imageId: 'img-1' });
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const metadata = { ...given.metadata, correlationid: 'order-7', traceparent };
  const event = { ...given, metadata, stream: 'facts-0', revision: 0, position: 7, recordedAt: metadata.time };
  const error = new RangeError('no such colour');
  logParked(logger, parkedBy('view:images:v1:b1', 'img-1', event, error));
  logParkedEvent(logger, 'case-opening', event, error);
  const expected = {
    level: 'error',
    correlationid: 'order-7',
    traceid: '4bf92f3577b34da6a3ce929d0e0e4736',
    event: { id: event.id, type: 'ImageShared', position: 7 },
    err: { type: 'RangeError', message: 'no such colour', stack: expect.stringContaining('parked-log.spec') },
  };
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { ...expected, consumer: 'view:images:v1:b1', key: 'img-1' },
    { ...expected, consumer: 'case-opening' },
  ]);
});
