/** Number of shards that a consumer's work is split into. Changing it requires new checkpoints. */
export const SHARDS = 4;

export const ALL_SHARDS: readonly number[] = Array.from({ length: SHARDS }, (_, shard) => shard);

/** FNV-1a, 32 bits: the shard a key belongs to, the same in every process and release. */
export function shardOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % SHARDS;
}
