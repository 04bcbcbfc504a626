
/* Defined by programs, or by other builds */

/** Files that a program carries inside, as written by a packing tool; the last entry has a NULL
 * path. Assign it to mg_mem_files. */
extern const struct mg_mem_file mg_packed_files[];

/** The manager of a generated program. */
extern struct mg_mgr g_mgr;

/** Start-up of the dashboard in a generated program. */
void mg_dash_init(struct mg_mgr *mgr);
/** Periodic work of the dashboard in a generated program. */
void mg_dash_poll(struct mg_mgr *mgr);
/** Start-up of the MQTT client in a generated program. */
void mg_mqtt_init(struct mg_mgr *mgr);
/** Periodic work of the MQTT client in a generated program. */
void mg_mqtt_poll(struct mg_mgr *mgr);

/** Only in builds with FatFs. */
extern struct mg_fs mg_fs_fat;

/** Only in builds with a TCP/IP stack of their own: a %M printer for link-layer addresses. */
size_t mg_print_l2addr(mg_pfn_t out, void *arg, va_list *ap);

#ifdef __cplusplus
}
#endif

#endif /* MONGOOSE_H */
