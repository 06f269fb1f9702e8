/** The sum of numbers, or of one number of each item. */
export function sumOf(values: readonly number[]): number;
export function sumOf<Item>(items: readonly Item[], of: (item: Item) => number): number;
export function sumOf(items: readonly unknown[], of: (item: never) => number = Number): number {
  return items.reduce<number>((sum, item) => sum + of(item as never), 0);
}
