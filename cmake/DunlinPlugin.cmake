# dunlin_manifest_header(<plugin.json> <header> [<variable>]): writes what DUNLIN_PLUGIN() embeds, for C
# and C++; the variable becomes the plugin's id. The text is an array, because a literal must end at
# 65,536 characters.
function(dunlin_manifest_header manifest header)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manifest})
  file(READ ${manifest} json)
  string(JSON id GET "${json}" id)
  string(JSON version GET "${json}" version)
  string(JSON minor_required GET "${json}" abi minor_required)
  file(READ ${manifest} bytes HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
  string(REPLACE "'\\x0a'," "'\\n',\n" bytes "${bytes}")
  file(CONFIGURE OUTPUT ${header} @ONLY CONTENT [=[
#pragma once
#define DUNLIN_PLUGIN_ID "@id@"
#define DUNLIN_PLUGIN_VERSION "@version@"
#define DUNLIN_PLUGIN_MINOR_REQUIRED @minor_required@
static const char dunlin_manifest[] = {
@bytes@0};
#define DUNLIN_PLUGIN_MANIFEST dunlin_manifest
]=])
  if(ARGC GREATER 2)
    set(${ARGV2} ${id} PARENT_SCOPE)
  endif()
endfunction()

# dunlin_add_plugin(<id> SOURCES <files...> [LINK <targets...>])
#
# Called from the plugin's folder, which holds plugin.json (and schema/ where it keeps tables). Makes
#   dunlin_<id>_core   the code, as objects, so that tests link it without loading a library
#   dunlin_<id>        the loadable module: build/<preset>/plugins/<id>/{<id>.so,plugin.json,schema/}
# and a header dunlin_manifest.h, for DUNLIN_PLUGIN(), that embeds the manifest. The plugin.json
# beside the module also carries "artifact" with the module's SHA-256.
function(dunlin_add_plugin id)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "dunlin_add_plugin(${id}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  set(manifest ${CMAKE_CURRENT_SOURCE_DIR}/plugin.json)
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/generated)
  dunlin_manifest_header(${manifest} ${generated}/dunlin_manifest.h manifest_id)
  if(NOT manifest_id STREQUAL id)
    message(FATAL_ERROR "dunlin_add_plugin(${id}): plugin.json says the id is ${manifest_id}")
  endif()

  add_library(dunlin_${id}_core OBJECT ${arg_SOURCES})
  target_include_directories(dunlin_${id}_core PUBLIC ${CMAKE_CURRENT_SOURCE_DIR} ${generated})
  target_link_libraries(dunlin_${id}_core PUBLIC dunlin::sdk ${arg_LINK} PRIVATE dunlin_build_flags)
  target_compile_options(dunlin_${id}_core PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  set_target_properties(dunlin_${id}_core PROPERTIES POSITION_INDEPENDENT_CODE ON)
  # To parse the SDK takes as long as to compile a source that uses it.
  target_precompile_headers(dunlin_${id}_core PRIVATE $<$<COMPILE_LANGUAGE:CXX>:<dunlin/plugin.hpp$<ANGLE-R>>)

  set(folder ${PROJECT_BINARY_DIR}/plugins/${id})
  add_library(dunlin_${id} MODULE)
  target_link_libraries(dunlin_${id} PRIVATE dunlin_${id}_core dunlin_build_flags)
  target_link_options(dunlin_${id} PRIVATE -Wl,--exclude-libs,ALL
    -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/plugin.map)
  if(NOT DUNLIN_SANITIZE)  # The sanitizers' run-time is resolved at load.
    target_link_options(dunlin_${id} PRIVATE -Wl,-z,defs)
  endif()
  set_target_properties(dunlin_${id} PROPERTIES PREFIX "" OUTPUT_NAME ${id} NO_SONAME ON
    LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/plugin.map LIBRARY_OUTPUT_DIRECTORY ${folder})
  set(schema)
  if(IS_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/schema)
    # A migration that was renumbered must not stay beside itself.
    set(schema COMMAND ${CMAKE_COMMAND} -E rm -rf ${folder}/schema
               COMMAND ${CMAKE_COMMAND} -E copy_directory ${CMAKE_CURRENT_SOURCE_DIR}/schema ${folder}/schema)
    file(GLOB migrations CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/schema/*.sql)
    set_property(TARGET dunlin_${id} APPEND PROPERTY LINK_DEPENDS ${migrations})
  endif()
  set_property(TARGET dunlin_${id} APPEND PROPERTY LINK_DEPENDS ${manifest})
  add_custom_command(TARGET dunlin_${id} POST_BUILD ${schema}
    COMMAND ${CMAKE_COMMAND} -DMANIFEST=${manifest} -DLIBRARY=$<TARGET_FILE:dunlin_${id}>
            -DOUT=${folder}/plugin.json -P ${PROJECT_SOURCE_DIR}/cmake/sidecar.cmake VERBATIM)
  install(DIRECTORY ${folder} DESTINATION ${CMAKE_INSTALL_LIBDIR}/dunlin/plugins USE_SOURCE_PERMISSIONS)
endfunction()
