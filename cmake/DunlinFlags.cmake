# Every target links dunlin_build_flags, so warnings and sanitizers are decided in one place.
add_library(dunlin_build_flags INTERFACE)
target_compile_features(dunlin_build_flags INTERFACE cxx_std_20)
target_compile_options(dunlin_build_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast;-Wnon-virtual-dtor>
  $<$<BOOL:${DUNLIN_WERROR}>:-Werror>)
# False positives of GCC 12 in its own library, once it inlines across it.
target_compile_options(dunlin_build_flags INTERFACE 
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-stringop-overflow;-Wno-stringop-overread>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-array-bounds>)
if(DUNLIN_SANITIZE)
  target_compile_options(dunlin_build_flags INTERFACE
    -fsanitize=${DUNLIN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(dunlin_build_flags INTERFACE -fsanitize=${DUNLIN_SANITIZE})
  if(DUNLIN_SANITIZE MATCHES "undefined")
    # What is undefined traps, and the address sanitizer says in which line. Messages of its own would be half of
    # each library, relocated and hashed at each of thousands of starts.
    target_compile_options(dunlin_build_flags INTERFACE -fsanitize-undefined-trap-on-error)
  endif()
endif()
