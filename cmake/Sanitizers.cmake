# Sanitizers are chosen by preset (CMakePresets.json), never by editing a list.
# The first report ends the program, so that a test cannot pass with one.
add_library(wc_sanitizers INTERFACE)

if(WC_FUZZ AND NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "WC_FUZZ needs clang (libFuzzer); use: cmake --preset fuzz")
endif()

if(WC_SANITIZE)
    target_compile_options(wc_sanitizers INTERFACE
        -fsanitize=${WC_SANITIZE}
        -fno-sanitize-recover=all
        -fno-omit-frame-pointer)
    target_link_options(wc_sanitizers INTERFACE -fsanitize=${WC_SANITIZE})
endif()

if(WC_FUZZ)
    target_compile_options(wc_sanitizers INTERFACE -fsanitize=fuzzer-no-link)
endif()
