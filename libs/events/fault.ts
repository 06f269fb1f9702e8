/** Why an event was rejected. */
export interface Fault {
  /** Kebab-case. */
  reason: string;
  /** The attribute, or a JSON Pointer that starts with /data. */
  field: string;
  /** What was wrong and what to do. */
  detail: string;
}
