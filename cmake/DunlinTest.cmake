include(Catch)

set(DUNLIN_TEST_ENVIRONMENT "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/cmake/lsan.supp:print_suppressions=0")

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
  catch_discover_tests(${name} TEST_PREFIX "${name}: " DISCOVERY_MODE PRE_TEST
    PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 600 ENVIRONMENT ${DUNLIN_TEST_ENVIRONMENT})
endfunction()
