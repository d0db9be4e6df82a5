# SPDX-License-Identifier: MIT
#
# Puts tests of ctest under lockval. find_package(lockval) includes this file.
#
#     find_package(lockval REQUIRED)
#     lockval_preload(ALL)
#
# lockval_preload(...)    runs the chosen tests under lockval. A finding that counts makes a test fail, with the report in its log.
# lockval_add_tests(...)  leaves them alone, and adds for each a test NAME.lockval that runs the same under lockval, with the
#                         label "lockval": `ctest -L lockval` runs these, `ctest -LE lockval` all others.
#
# Both take:
#
#     ALL                   all tests of this directory (subdirectories have their own), but for EXCEPT name...
#     TESTS name...         these. They may be added behind the call (with CMake before 3.19: must be added before)
#     MATCHING regex        whose names match. ALL and MATCHING also choose tests that are discovered when the program was
#                           built (gtest_discover_tests, catch_discover_tests)
#     OPTIONS key=value...  of lockval, as in LOCKVAL_OPTIONS. A wrong one is an error of the configuration
#     SUPPRESSIONS file...  files of findings that are not to count. A relative path is meant from the source folder
#     RECORD_DIR dir        keep a record of each test in dir/NAME.jsonl, for `lockval report`. A relative path is meant from
#                           the build folder
#     UNION                 keep records in lockval.union/ of the whole build's folder, and have one more test, lockval.union, look
#                           at the end whether the lock orders of all tests together can deadlock, where none can by itself
#
# lockval_check_union(...)  says how lockval.union judges; once in a build, anywhere. It takes BASELINE file, EXPECT file (the order
#                           that is wanted), DB file (a store to which the records are added first), ARGUMENTS more... of `lockval check`
#
# Where several calls choose a test, the last one holds. With LOCKVAL_CTEST=0 in its environment ctest runs everything as if
# nothing of this were there.
#
# Uses LOCKVAL_COMMAND, the program lockval; without that, LOCKVAL_LIBRARY, the path of liblockval.so.0, is preloaded alone:
# then reports have no lines of source files.
#
# How: CMake says nowhere what a test runs, and its properties can set an environment but not put a program in front. So the
# tests are left as they are, and their file of the build folder, CTestTestfile.cmake, includes another one first, by which
# ctest reads "add_test" in our way: lockval-ctest.cmake. So all configurations of a generator, tests added by loops and
# functions, and those that are discovered later are treated alike, and a report can be printed behind the program's end.

cmake_policy(PUSH)
cmake_policy(VERSION 3.13)

set_property(GLOBAL PROPERTY LOCKVAL_CTEST_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/lockval-ctest.cmake")

function(lockval_preload)
  _lockval_choose(lockval_preload preload "${ARGV}")
endfunction()

function(lockval_add_tests)
  _lockval_choose(lockval_add_tests beside "${ARGV}")
endfunction()

function(lockval_check_union)
  cmake_parse_arguments(union "" "BASELINE;EXPECT;DB" "ARGUMENTS" ${ARGV})
  if(union_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "lockval_check_union: what is '${union_UNPARSED_ARGUMENTS}'? It takes BASELINE file, EXPECT file, DB file, "
                        "ARGUMENTS argument...")
  endif()
  get_property(said GLOBAL PROPERTY LOCKVAL_UNION_SAID SET)
  if(said)
    message(FATAL_ERROR "lockval_check_union: it was called before; there is one union in a build")
  endif()
  set_property(GLOBAL PROPERTY LOCKVAL_UNION_SAID TRUE)
  set(arguments)
  foreach(what IN ITEMS baseline expect)
    string(TOUPPER ${what} word)
    if(union_${word})
      get_filename_component(file "${union_${word}}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
      list(APPEND arguments "--${what}=${file}")
    endif()
  endforeach()
  if(union_DB)
    get_filename_component(union_DB "${union_DB}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_BINARY_DIR}")
  endif()
  _lockval_write_union("${union_DB}" ${arguments} ${union_ARGUMENTS})
endfunction()

# What lockval-ctest.cmake is to know of the union: one file for the build, since its directories are read one by one.
function(_lockval_write_union db)
  _lockval_bracket(folder "${CMAKE_BINARY_DIR}/lockval.union")
  _lockval_bracket(source "${CMAKE_SOURCE_DIR}")
  _lockval_bracket(db "${db}")
  _lockval_bracket(arguments "${ARGN}")
  file(WRITE "${CMAKE_BINARY_DIR}/CMakeFiles/lockval-union.cmake"
       "# Written by lockval-tests.cmake, read by ctest.\n"
       "set(_lockval_union_folder ${folder})\nset(_lockval_union_source ${source})\nset(_lockval_union_db ${db})\nset(_lockval_union_arguments ${arguments})\n")
endfunction()

# The text as one argument of a file of CMake's language, whatever is in it.
function(_lockval_bracket ret_argument text)
  set(equals "=")
  while(TRUE)
    string(FIND "${text}]" "]${equals}]" at)
    if(at EQUAL -1)
      break()
    endif()
    string(APPEND equals "=")
  endwhile()
  # A newline behind the opening bracket is dropped.
  set(${ret_argument} "[${equals}[\n${text}]${equals}]" PARENT_SCOPE)
endfunction()

function(_lockval_choose caller mode arguments)
  cmake_parse_arguments(choice "ALL;UNION" "MATCHING;RECORD_DIR" "TESTS;EXCEPT;OPTIONS;SUPPRESSIONS" ${arguments})
  if(choice_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "${caller}: what is '${choice_UNPARSED_ARGUMENTS}'? It takes ALL [EXCEPT name...], TESTS name..., "
                        "MATCHING regex, OPTIONS key=value..., SUPPRESSIONS file..., RECORD_DIR dir or UNION")
  endif()
  if(NOT choice_ALL AND NOT choice_TESTS AND NOT choice_MATCHING)
    message(FATAL_ERROR "${caller}: say which tests: ALL, TESTS name... or MATCHING regex")
  endif()
  if(choice_EXCEPT AND NOT choice_ALL)
    message(FATAL_ERROR "${caller}: EXCEPT goes with ALL")
  endif()
  if(NOT LOCKVAL_COMMAND AND NOT LOCKVAL_LIBRARY)
    message(FATAL_ERROR "${caller}: neither LOCKVAL_COMMAND (the program lockval) nor LOCKVAL_LIBRARY (the path of "
                        "liblockval.so.0) is set; find_package(lockval) does that")
  endif()
  if(choice_UNION AND choice_RECORD_DIR)
    message(FATAL_ERROR "${caller}: UNION has a folder of its own, lockval.union in that of the build; RECORD_DIR does not go with it")
  endif()
  if(choice_UNION AND NOT LOCKVAL_COMMAND)
    message(FATAL_ERROR "${caller}: UNION needs LOCKVAL_COMMAND, the program lockval")
  endif()
  set(files)
  foreach(file IN LISTS choice_SUPPRESSIONS)
    get_filename_component(file "${file}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
    if(NOT EXISTS "${file}")
      message(FATAL_ERROR "${caller}: SUPPRESSIONS: there is no file '${file}'")
    endif()
    list(APPEND files "${file}")
  endforeach()
  if(files)
    string(REPLACE ";" "," files "${files}")
    list(APPEND choice_OPTIONS "suppressions=${files}")
  endif()
  _lockval_check_options(${caller} "${choice_OPTIONS}")
  if(choice_RECORD_DIR)
    get_filename_component(choice_RECORD_DIR "${choice_RECORD_DIR}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_BINARY_DIR}")
  endif()

  if(choice_UNION)
    # Tests of different directories may have the same name.
    file(RELATIVE_PATH below "${CMAKE_BINARY_DIR}" "${CMAKE_CURRENT_BINARY_DIR}")
    string(REGEX REPLACE "(^|/)\\.\\.(/|$)" "\\1_\\2" below "${below}")
    set(choice_RECORD_DIR "${CMAKE_BINARY_DIR}/lockval.union")
    if(below)
      string(APPEND choice_RECORD_DIR "/${below}")
    endif()
    get_property(said GLOBAL PROPERTY LOCKVAL_UNION_SAID SET)
    if(NOT said)
      _lockval_write_union("")
    endif()
  endif()

  # The rules of a directory are calls, in the order in which they hold.
  set(rule "_lockval_rule(${mode}")
  foreach(part IN ITEMS ALL TESTS MATCHING EXCEPT OPTIONS RECORD_DIR UNION)
    _lockval_bracket(argument "${choice_${part}}")
    string(APPEND rule " ${argument}")
  endforeach()
  string(APPEND rule ")\n")
  set_property(DIRECTORY APPEND_STRING PROPERTY LOCKVAL_RULES "${rule}")
  foreach(name IN LISTS choice_TESTS choice_EXCEPT)
    set_property(DIRECTORY APPEND PROPERTY LOCKVAL_NAMED "${name}")
  endforeach()

  # Read before all others: files of tests that are discovered come in the same list.
  set(script "${CMAKE_CURRENT_BINARY_DIR}/lockval-ctest.cmake")
  get_property(included DIRECTORY PROPERTY TEST_INCLUDE_FILES)
  if(NOT script IN_LIST included)
    set_property(DIRECTORY PROPERTY TEST_INCLUDE_FILES "${script}" ${included})
    if(NOT CMAKE_VERSION VERSION_LESS 3.19)
      cmake_language(DEFER CALL _lockval_write)
    endif()
  endif()
  if(CMAKE_VERSION VERSION_LESS 3.19)
    _lockval_write()
  endif()
endfunction()

function(_lockval_check_options caller options)
  set(flags)
  foreach(option IN LISTS options)
    if(NOT option MATCHES "^[a-z_]+=")
      message(FATAL_ERROR "${caller}: OPTIONS: '${option}' is not of the form key=value")
    endif()
    list(APPEND flags "--${option}")
  endforeach()
  if(flags AND LOCKVAL_COMMAND)
    # It runs nothing when an option is wrong, and says which.
    execute_process(COMMAND "${LOCKVAL_COMMAND}" run ${flags} --log=none --record=/dev/null -- "${CMAKE_COMMAND}" -E echo
                    RESULT_VARIABLE status ERROR_VARIABLE said OUTPUT_QUIET)
    if(NOT status EQUAL 0)
      message(FATAL_ERROR "${caller}: OPTIONS: ${said}")
    endif()
  endif()
endfunction()

# What ctest is to know of this directory. Called at its end, when its tests and their properties are there.
function(_lockval_write)
  get_property(named DIRECTORY PROPERTY LOCKVAL_NAMED)
  foreach(name IN LISTS named)
    if(NOT TEST "${name}")
      message(FATAL_ERROR "lockval: there is no test '${name}' in this directory. (Tests that are discovered when the program "
                          "was built are chosen by ALL or MATCHING.)")
    endif()
  endforeach()

  # Of these the exit status alone does not decide.
  set(expected_to_fail)
  set(judged_by_output)
  get_property(tests DIRECTORY PROPERTY TESTS)
  foreach(name IN LISTS tests)
    get_property(will_fail TEST "${name}" PROPERTY WILL_FAIL)
    get_property(pass TEST "${name}" PROPERTY PASS_REGULAR_EXPRESSION)
    if(will_fail)
      list(APPEND expected_to_fail "${name}")
    endif()
    if(pass)
      list(APPEND judged_by_output "${name}")
    endif()
  endforeach()

  get_property(rules DIRECTORY PROPERTY LOCKVAL_RULES)
  set(text "# Written by lockval-tests.cmake, read by ctest.\n")
  string(APPEND text "if(\"\$ENV{LOCKVAL_CTEST}\" STREQUAL \"0\")\n  return()\nendif()\n")
  foreach(setting IN ITEMS "here;${CMAKE_CURRENT_BINARY_DIR}" "top;${CMAKE_BINARY_DIR}" "command;${LOCKVAL_COMMAND}" "library;${LOCKVAL_LIBRARY}")
    list(GET setting 0 variable)
    list(GET setting 1 value)
    _lockval_bracket(argument "${value}")
    string(APPEND text "set(_lockval_${variable} ${argument})\n")
  endforeach()
  foreach(variable IN ITEMS expected_to_fail judged_by_output)
    _lockval_bracket(argument "${${variable}}")
    string(APPEND text "set(_lockval_${variable} ${argument})\n")
  endforeach()
  get_property(script GLOBAL PROPERTY LOCKVAL_CTEST_SCRIPT)
  _lockval_bracket(argument "${script}")
  string(APPEND text "include(${argument})\n${rules}")
  file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/lockval-ctest.cmake" "${text}")
endfunction()

cmake_policy(POP)
