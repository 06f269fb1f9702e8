import { totalmem } from 'node:os';

const MIB = 1024 * 1024;
const bounded = (bytes: number, leastMib: number, mostMib: number) =>
  `${Math.max(leastMib, Math.min(mostMib, Math.floor(bytes / MIB)))}MB`;

/** PostgreSQL settings for a small machine that mostly writes. Durability stays on: an acknowledged write is on disk. */
export function serverSettings(memoryBytes = totalmem()): Record<string, string> {
  return {
    // Only through its socket, in a directory that nobody else may enter: anybody can bind a port that is free.
    listen_addresses: '',
    unix_socket_permissions: '0700',
    cluster_name: 'gatehouse',
    max_connections: '100',
    shared_buffers: bounded(memoryBytes / 8, 64, 1024),
    effective_cache_size: bounded(memoryBytes / 2, 256, 65_536),
    maintenance_work_mem: bounded(memoryBytes / 64, 32, 256),
    work_mem: bounded(memoryBytes / 512, 4, 32),
    synchronous_commit: 'on',
    // Fewer checkpoints write fewer full page images; a crash recovery reads at most this much.
    max_wal_size: '4GB',
    checkpoint_timeout: '15min',
    wal_compression: 'on',
    random_page_cost: '1.1',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Statements may carry personal data, which must not get into the log.
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
  };
}
