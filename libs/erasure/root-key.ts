import type { DataOf } from '../events/event-definition.js';
import type { StreamKind } from '../kernel/decider.js';
import {
  type RootKeyEvent,
  type RootKeyRotated,
  type RootKeyRotationRequested,
  rootKeyEvents,
} from './root-key-events.js';

/** The rotation that was requested and is not complete. The kind has a single stream, `rootkey`. */
export interface RootKeyState {
  rotationId?: string;
}

export const rootKeyStream: StreamKind<RootKeyState, RootKeyEvent> = {
  category: 'rootkey',
  events: rootKeyEvents,
  initial: {},
  evolve: (_, { type, data }) => (type === 'RootKeyRotationRequested' ? { rotationId: data.rotationId } : {}),
};

/** A no-op while one is requested. */
export const requestRotation = (
  { rotationId }: RootKeyState,
  data: DataOf<typeof RootKeyRotationRequested>,
): RootKeyEvent[] => (rotationId === undefined ? [{ type: 'RootKeyRotationRequested', data }] : []);

/** A no-op unless just that one is requested. */
export const completeRotation = ({ rotationId }: RootKeyState, data: DataOf<typeof RootKeyRotated>): RootKeyEvent[] =>
  rotationId === data.rotationId ? [{ type: 'RootKeyRotated', data }] : [];
