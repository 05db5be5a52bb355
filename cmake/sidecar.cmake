# Writes the plugin.json that lies beside a built module: the manifest plus the module's hash.
file(READ ${MANIFEST} json)
file(SHA256 ${LIBRARY} hash)
get_filename_component(name ${LIBRARY} NAME)
string(JSON json SET "${json}" artifact "{}")
string(JSON json SET "${json}" artifact file "\"${name}\"")
string(JSON json SET "${json}" artifact platform "\"linux-x86_64\"")
string(JSON json SET "${json}" artifact sha256 "\"${hash}\"")
file(WRITE ${OUT} "${json}\n")
