export interface SafetyFlag {
  /** The id of the flag's event. */
  id: string;
  categories: string[];
}

/** Each field is a minimum, a union or a maximum, so facts may come in any order and repeatedly. */
export type SafetyImageRow = {
  image_id: string;
  account_id: string | null;
  generated_at: number | null;
  /** When it was first shared. */
  shared_at: number | null;
  /** When it was first shared or downloaded. */
  exposed_at: number | null;
  /** When it was first flagged. */
  flagged_at: number | null;
  flag_count: number;
  /** Sorted by id. */
  flags: SafetyFlag[];
  /** The categories of all flags, sorted. */
  categories: string[];
  case_status: 'none' | 'open' | 'confirmed' | 'dismissed';
  case_round: number;
  decided_at: number | null;
};
