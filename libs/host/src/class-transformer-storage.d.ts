/** Where class-transformer keeps what its decorators say. It exports it, and describes it under another name. */
declare module 'class-transformer/cjs/storage.js' {
  export { defaultMetadataStorage } from 'class-transformer/types/storage';
}
