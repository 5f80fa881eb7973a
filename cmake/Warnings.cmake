# The warnings every file of ours is built with. Linked as wc_warnings by cmake/Helpers.cmake.
add_library(wc_warnings INTERFACE)
target_compile_options(wc_warnings INTERFACE
    -Wall
    -Wextra
    -Wpedantic
    -Wcast-align
    -Wconversion
    -Wdate-time
    -Wdouble-promotion
    -Wfloat-equal
    -Wformat=2
    -Wimplicit-fallthrough
    -Wmissing-declarations
    -Wmissing-prototypes
    -Wnested-externs
    -Wold-style-definition
    -Wpointer-arith
    -Wredundant-decls
    -Wshadow
    -Wsign-conversion
    -Wstrict-prototypes
    -Wundef
    -Wvla
    -Wwrite-strings)

if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(wc_warnings INTERFACE
        -Walloca
        -Wcast-qual # clang sees it in OpenSSL's macros too
        -Wduplicated-branches
        -Wduplicated-cond
        -Wlogical-op
        -Wtrampolines)
else()
    target_compile_options(wc_warnings INTERFACE
        -Walloca
        -Wcomma
        -Wconditional-uninitialized
        -Wloop-analysis
        -Wshorten-64-to-32)
endif()

if(WC_WERROR)
    target_compile_options(wc_warnings INTERFACE -Werror)
endif()
