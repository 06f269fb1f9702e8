export interface SafetyFlag {
  /** Identity of the flag's event. */
  id: string;
  categories: string[];
}

/** What safety counts of an image. Facts come in any order and again: each field is a minimum, a union or a maximum. */
export type SafetyImageRow = {
  image_id: string;
  account_id: string | null;
  generated_at: number | null;
  /** First share. */
  shared_at: number | null;
  /** First share or download. */
  exposed_at: number | null;
  /** First flag. */
  flagged_at: number | null;
  flag_count: number;
  /** Sorted by id. */
  flags: SafetyFlag[];
  /** Of all flags, sorted. */
  categories: string[];
  case_status: 'none' | 'open' | 'confirmed' | 'dismissed';
  case_round: number;
  decided_at: number | null;
};
