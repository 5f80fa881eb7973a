# What a folder's CMakeLists.txt may say:
#
#   wc_library(NAME [SOURCES file...] [LINK target...])
#       Static library; without SOURCES an empty place in the build that others can link to.
#   wc_program(NAME [SOURCES file...] [LINK target...])
#       Program in bin/ of the build directory; without SOURCES nothing.
#   wc_test(NAME [SOURCES file...] [LINK target...] [LABELS label...] [TIMEOUT seconds])
#       Unit test (cmocka), `unit.NAME` in ctest. Without SOURCES: tests/unit/<this folder>/NAME.c.
#       Label `tsan` also runs it under ThreadSanitizer.
#   wc_fuzz(NAME [SOURCES file...] [LINK target...] [CORPUS folder] [MAX_BYTES n])
#       Fuzz target, `fuzz.NAME` in ctest. Without SOURCES: tests/fuzz/NAME.c; without CORPUS:
#       tests/fuzz/corpus/NAME. In the fuzz preset libFuzzer drives it for WC_FUZZ_SECONDS;
#       elsewhere tests/fuzz/replay_main.c replays the corpus and seeded mutations of it.
#   wc_script_test(NAME COMMAND command... [LABELS label...] [TIMEOUT seconds] [SERIAL])
#       Any other test; exit code 77 means skipped.
#
# File names are relative to the calling folder, or to the root of the repository.

# Compile settings that every target of ours shares.
add_library(wc_settings INTERFACE)
target_compile_definitions(wc_settings INTERFACE
    _GNU_SOURCE "WC_VERSION=\"${PROJECT_VERSION}\"")
target_include_directories(wc_settings INTERFACE "${PROJECT_SOURCE_DIR}")
target_link_libraries(wc_settings INTERFACE wc_warnings wc_sanitizers wc_hardening)

function(wc_subdirectories)
    foreach(folder IN LISTS ARGN)
        if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt")
            add_subdirectory("${folder}")
        endif()
    endforeach()
endfunction()

# `file` as written in a list -> absolute path in `ret_paths`.
function(wc_resolve ret_paths)
    set(paths)
    foreach(file IN LISTS ARGN)
        if(NOT IS_ABSOLUTE "${file}" AND NOT EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${file}"
           AND EXISTS "${PROJECT_SOURCE_DIR}/${file}")
            set(file "${PROJECT_SOURCE_DIR}/${file}")
        endif()
        list(APPEND paths "${file}")
    endforeach()
    set(${ret_paths} "${paths}" PARENT_SCOPE)
endfunction()

function(wc_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
    if(NOT arg_SOURCES)
        add_library(${name} INTERFACE)
        target_link_libraries(${name} INTERFACE ${arg_LINK})
        return()
    endif()
    wc_resolve(sources ${arg_SOURCES})
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC ${arg_LINK} PRIVATE wc_settings)
endfunction()

function(wc_program name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
    if(NOT arg_SOURCES OR WC_FUZZ)
        return()
    endif()
    wc_resolve(sources ${arg_SOURCES})
    add_executable(${name} ${sources})
    target_link_libraries(${name} PRIVATE ${arg_LINK} wc_settings)
    set_target_properties(${name} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin"
        POSITION_INDEPENDENT_CODE ON)
endfunction()

function(wc_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES;LINK;LABELS")
    if(NOT WC_TESTS OR WC_FUZZ)
        return()
    endif()
    if(NOT arg_SOURCES)
        file(RELATIVE_PATH folder "${PROJECT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}")
        set(arg_SOURCES "${PROJECT_SOURCE_DIR}/tests/unit/${folder}/${name}.c")
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 60)
    endif()
    wc_resolve(sources ${arg_SOURCES})
    add_executable(${name} ${sources})
    target_link_libraries(${name} PRIVATE ${arg_LINK} PkgConfig::CMOCKA wc_settings)
    set_target_properties(${name} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
    add_test(NAME unit.${name} COMMAND ${name} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set_tests_properties(unit.${name} PROPERTIES
        TIMEOUT ${arg_TIMEOUT}
        LABELS "unit;${arg_LABELS}")
endfunction()

function(wc_fuzz name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "CORPUS;MAX_BYTES" "SOURCES;LINK")
    if(NOT WC_TESTS)
        return()
    endif()
    if(NOT arg_SOURCES)
        set(arg_SOURCES "tests/fuzz/${name}.c")
    endif()
    if(NOT arg_CORPUS)
        set(arg_CORPUS "tests/fuzz/corpus/${name}")
    endif()
    if(NOT arg_MAX_BYTES)
        set(arg_MAX_BYTES 4096)
    endif()
    wc_resolve(sources ${arg_SOURCES})
    wc_resolve(corpus ${arg_CORPUS})
    if(WC_FUZZ)
        add_executable(${name} ${sources})
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        set(scratch "${PROJECT_BINARY_DIR}/fuzz/${name}")
        file(MAKE_DIRECTORY "${scratch}/corpus")
        if(NOT EXISTS "${corpus}")
            set(corpus)
        endif()
        add_test(NAME fuzz.${name} COMMAND ${name} -max_total_time=${WC_FUZZ_SECONDS}
            -max_len=${arg_MAX_BYTES} -timeout=10 -rss_limit_mb=1024 -print_final_stats=1
            "-artifact_prefix=${scratch}/" "${scratch}/corpus" ${corpus})
        math(EXPR timeout "${WC_FUZZ_SECONDS} + 60")
    else()
        add_executable(${name} ${sources} "${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.c")
        add_test(NAME fuzz.${name}
            COMMAND ${name} ${WC_FUZZ_MUTATIONS} ${arg_MAX_BYTES} "${corpus}")
        set(timeout 120)
    endif()
    target_link_libraries(${name} PRIVATE ${arg_LINK} wc_settings)
    set_target_properties(${name} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
    set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT ${timeout} LABELS fuzz)
endfunction()

function(wc_script_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "TIMEOUT" "COMMAND;LABELS")
    if(NOT WC_TESTS OR WC_FUZZ)
        return()
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    add_test(NAME ${name} COMMAND ${arg_COMMAND} WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    set_tests_properties(${name} PROPERTIES
        TIMEOUT ${arg_TIMEOUT}
        LABELS "${arg_LABELS}"
        SKIP_RETURN_CODE 77
        RUN_SERIAL ${arg_SERIAL}
        ENVIRONMENT "WC_BUILD_DIR=${PROJECT_BINARY_DIR};WC_BIN_DIR=${PROJECT_BINARY_DIR}/bin")
endfunction()
