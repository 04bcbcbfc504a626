/** Flags: how to open a file, and what `st` of struct mg_fs reports. */
enum {
  MG_FS_READ = 1,  /* Readable */
  MG_FS_WRITE = 2, /* Writable */
  MG_FS_DIR = 4,   /* A directory */
  MG_FS_EXCL = 8   /* Create, fail when it exists */
};
