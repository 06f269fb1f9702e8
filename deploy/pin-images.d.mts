export declare function pinImages(files: readonly string[]): Promise<string[]>;
