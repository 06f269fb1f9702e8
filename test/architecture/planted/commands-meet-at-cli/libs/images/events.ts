export interface Flagged {
  imageId: string;
}
