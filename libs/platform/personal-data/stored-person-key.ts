import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** A person's key, wrapped by the master key. The mark of a forgotten person stays, so that no new key is made for them. */
@Entity({ schema: 'platform', name: 'subject_keys' })
@Check('subject_keys_check', 'forgotten = (wrapped_key IS NULL)')
export class StoredPersonKey {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'subject_keys_pkey' })
  person!: string;

  @Column('bytea', { name: 'wrapped_key', nullable: true })
  wrappedKey!: Buffer | null;

  @Column('boolean', { default: false })
  forgotten!: boolean;
}
