# Writes OUT: plugin.json as a C array, for languages and compilers without long string literals.
file(READ ${MANIFEST} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
file(WRITE ${OUT} "static const char manifest_json[] = {\n${bytes}0x00};\n")
