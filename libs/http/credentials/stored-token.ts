import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A bearer token; only the hash of its secret is stored. */
@Entity({ schema: 'platform', name: 'tokens' })
export class StoredToken {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'tokens_pkey' })
  id!: string;

  @Column('text')
  name!: string;

  @Column('text', { array: true })
  roles!: string[];

  /** The sources and event types that it may send; null for all. */
  @Column('text', { array: true, nullable: true })
  sources!: string[] | null;

  @Column('text', { name: 'event_types', array: true, nullable: true })
  eventTypes!: string[] | null;

  @Column('bytea', { name: 'secret_sha256' })
  secretSha256!: Buffer;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('text', { name: 'created_by' })
  createdBy!: string;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
