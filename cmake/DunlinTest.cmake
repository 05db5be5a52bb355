include(Catch)

set(DUNLIN_TEST_ENVIRONMENT "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/cmake/tsan.supp:print_suppressions=0")
if(DUNLIN_SANITIZE MATCHES "undefined")
  set(DUNLIN_TEST_ENVIRONMENT "ASAN_OPTIONS=handle_sigill=1")
endif()

add_library(dunlin_test_main OBJECT ${PROJECT_SOURCE_DIR}/tests/main.cpp)
target_link_libraries(dunlin_test_main PRIVATE Catch2::Catch2 dunlin_build_flags)

# dunlin_add_test(<name> SOURCES <files...> [LINK <targets...>] [LABELS <labels...>]): one program, one ctest
# entry per TEST_CASE. Tests find the tree at DUNLIN_SOURCE_DIR and what was built at DUNLIN_BINARY_DIR.
function(dunlin_add_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES} $<TARGET_OBJECTS:dunlin_test_main>)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name} PRIVATE
    DUNLIN_SOURCE_DIR="${PROJECT_SOURCE_DIR}" DUNLIN_BINARY_DIR="${PROJECT_BINARY_DIR}")
  target_link_libraries(${name} PRIVATE Catch2::Catch2 ${arg_LINK} dunlin_build_flags)
  if(DUNLIN_SANITIZE)  # What a test checks is compiled as everything is, its own lines as quickly as they can be.
    target_compile_options(${name} PRIVATE -O0)
  endif()
  list(LENGTH arg_SOURCES count)
  if(count GREATER 3)  # It takes longer to make than two sources take without it.
    target_precompile_headers(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:<catch2/catch.hpp$<ANGLE-R>>
      $<$<COMPILE_LANGUAGE:CXX>:<nlohmann/json.hpp$<ANGLE-R>>)
  endif()
  catch_discover_tests(${name} TEST_PREFIX "${name}: " DISCOVERY_MODE PRE_TEST
    PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 600 ENVIRONMENT ${DUNLIN_TEST_ENVIRONMENT})
endfunction()

# dunlin_add_test_module(<id> <folder> SOURCES <files...>): a plugin for tests, loadable as an installed one from
# build/<preset>/test_plugins/<id>/. Its plugin.json, and schema/ where it keeps tables, lie in <folder>.
function(dunlin_add_test_module id from)
  cmake_parse_arguments(arg "" "" "SOURCES" ${ARGN})
  set(from ${CMAKE_CURRENT_SOURCE_DIR}/${from})
  set(folder ${PROJECT_BINARY_DIR}/test_plugins/${id})
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${id}_generated)
  dunlin_manifest_header(${from}/plugin.json ${generated}/dunlin_manifest.h)
  add_library(dunlin_${id} MODULE ${arg_SOURCES})
  target_include_directories(dunlin_${id} PRIVATE ${generated})
  target_link_libraries(dunlin_${id} PRIVATE dunlin::sdk dunlin_build_flags)
  target_compile_options(dunlin_${id} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  target_link_options(dunlin_${id} PRIVATE -Wl,--exclude-libs,ALL
    -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/plugin.map)
  file(GLOB migrations CONFIGURE_DEPENDS ${from}/schema/*.sql)
  set_target_properties(dunlin_${id} PROPERTIES PREFIX "" OUTPUT_NAME ${id} NO_SONAME ON
    LIBRARY_OUTPUT_DIRECTORY ${folder} LINK_DEPENDS "${from}/plugin.json;${migrations}")
  set(schema)
  if(migrations)
    # A migration that was renumbered must not stay beside itself.
    set(schema COMMAND ${CMAKE_COMMAND} -E rm -rf ${folder}/schema
               COMMAND ${CMAKE_COMMAND} -E copy_directory ${from}/schema ${folder}/schema)
  endif()
  add_custom_command(TARGET dunlin_${id} POST_BUILD ${schema}
    COMMAND ${CMAKE_COMMAND} -DMANIFEST=${from}/plugin.json -DLIBRARY=$<TARGET_FILE:dunlin_${id}>
            -DOUT=${folder}/plugin.json -P ${PROJECT_SOURCE_DIR}/cmake/sidecar.cmake VERBATIM)
endfunction()
