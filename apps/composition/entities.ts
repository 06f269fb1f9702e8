import { StoredToken } from '../../libs/http/credentials/stored-token.js';
import { StoredQuarantineEntry } from '../../libs/ingest/stored-quarantine-entry.js';
import type { EntityClass } from '../../libs/platform/database/database.js';

/** Every table that is read and written row by row through TypeORM. */
export const entities: readonly EntityClass[] = [StoredToken, StoredQuarantineEntry];
