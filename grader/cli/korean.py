"""What help and usage errors say in Korean.

The commands state their help in English, where typer wants it: in docstrings and options. Here stands the Korean of
each, by its English; `grader.cli.speech` puts it in place. A test walks all commands and finds what is missing or
no longer said.
"""

from typing import Final

HELP: Final = {
    # The program and its groups
    "Grades deep-learning missions. Your code runs in a sandbox that never holds the test answers.": (
        "딥러닝 미션을 채점합니다. 코드는 테스트 정답이 없는 샌드박스에서 실행됩니다."
    ),
    "Print reports.": "보고서를 PDF로 인쇄합니다.",
    "Fetch and list data packs.": "데이터 팩을 내려받고 목록을 봅니다.",
    "Build the image of the docker sandbox.": "docker 샌드박스의 이미지를 만듭니다.",
    # Panels
    "Missions": "미션",
    "Your work": "내 코드",
    "Your course": "과정 운영",
    "This machine": "이 컴퓨터",
    # Commands
    "List the missions of this course.": "이 과정의 미션 목록을 봅니다.",
    "Show a mission: the task, how it is scored, and its limits.": "미션의 과제, 채점 기준, 제한을 봅니다.",
    "Copy a mission's starter code into a new folder.": "미션의 시작 코드를 새 폴더에 복사합니다.",
    "Find contract mistakes in seconds: rules, signature, a few training steps, export. Gives no score.": (
        "규칙, 함수 형식, 짧은 학습, 내보내기를 몇 초 만에 점검합니다. 점수는 내지 않습니다."
    ),
    "Train your own code here, within the mission's limits, and write the exported model.": (
        "내 코드를 이 컴퓨터에서 미션의 제한 안에서 학습시키고, 내보낸 모델을 저장합니다."
    ),
    "Grade a submission: train, measure on hidden images, score, explain.": (
        "제출물을 채점합니다. 학습시키고, 비공개 이미지로 측정하고, 점수와 이유를 알려 줍니다."
    ),
    "Stay ready to grade: while this runs, `grade submit` in other terminals starts at once. Ends with Ctrl-C.": (
        "채점할 준비를 하고 기다립니다. 실행해 두면 다른 터미널의 `grade submit`이 바로 시작됩니다. Ctrl-C로 끝냅니다."
    ),
    "Grade a folder of submissions into a gradebook; what has a result that still holds is not graded again.": (
        "폴더의 제출물을 모두 채점해 성적부에 저장합니다. 결과가 그대로 유효한 것은 다시 채점하지 않습니다."
    ),
    "Grade everything in a folder again, whatever has a result: `grade batch --force`.": (
        "결과가 있어도 폴더의 제출물을 모두 다시 채점합니다(`grade batch --force`와 같음)."
    ),
    "List marks: points, lateness, and what wants a look.": "점수, 지각, 확인할 점을 목록으로 봅니다.",
    "Write the gradebook for another system: csv, csv-long, jsonl, canvas, moodle, gradescope, junit, github-…": (
        "성적부를 다른 시스템의 형식으로 저장합니다: csv, csv-long, jsonl, canvas, moodle, gradescope, junit, github-…"
    ),
    "`reports` writes every student's page into a folder, with an index.html of the class.": (
        "`reports`는 모든 학생의 보고서와 반 전체의 index.html을 폴더에 저장합니다."
    ),
    "Distribution, hard and telling criteria, time, memory, and what fails together, from the gradebook.": (
        "성적부에서 점수 분포, 어려운 기준과 변별력 있는 기준, 시간과 메모리, 함께 실패하는 기준을 봅니다."
    ),
    "Compare the code and the models of a cohort; starter code counts for nobody. Evidence to look at, no proof.": (
        "학생들의 코드와 모델을 서로 비교합니다. 시작 코드는 제외합니다. 살펴볼 자료일 뿐 표절의 증거는 아닙니다."
    ),
    "Grade a course's own references, starters and counterexamples: each must come out as planned.": (
        "과정의 참고 풀이, 시작 코드, 반례가 모두 예상대로 채점되는지 확인합니다."
    ),
    "Write a small, sound mission to begin from: spec, briefs, starter, reference, tests, counterexamples.": (
        "출발점이 될 작은 미션을 만듭니다: 명세, 설명서, 시작 코드, 참고 풀이, 테스트, 반례."
    ),
    "Show what this machine has, what it lacks, and what to type.": (
        "이 컴퓨터에 있는 것과 없는 것, 입력할 명령을 알려 줍니다."
    ),
    "Print a report to PDF; needs Chromium on this machine.": (
        "보고서를 PDF로 인쇄합니다. 이 컴퓨터에 Chromium이 필요합니다."
    ),
    "Download data packs and verify every byte; those already here are only verified.": (
        "데이터 팩을 내려받아 모든 바이트를 검사합니다. 이미 있는 것은 검사만 합니다."
    ),
    "List the data packs and whether they are here.": "데이터 팩의 목록과 준비 상태를 봅니다.",
    "Build the image; does nothing where it is up to date.": "이미지를 만듭니다. 이미 최신이면 아무것도 하지 않습니다.",
    # Options that many commands have
    "Show this message and exit.": "이 도움말을 보여 주고 끝냄",
    "Show the version and exit.": "버전을 보여 주고 끝냄",
    "Language of messages and reports.": "메시지와 보고서의 언어",
    "Show the traceback of whatever fails.": "실패하면 트레이스백까지 표시",
    "Install completion for the current shell.": "현재 셸에 자동 완성을 설치",
    "Show completion for the current shell, to copy it or customize the installation.": (
        "현재 셸의 자동 완성 코드를 출력(복사하거나 고쳐서 설치할 때)"
    ),
    "Name of the mission; see grade list.": "미션 이름(목록은 grade list)",
    "Where the code runs; none is for your own code only.": "코드를 실행할 곳. none은 자기 코드에만 사용",
    "GPU to train on.": "학습에 쓸 GPU",
    "Seed of training and grading.": "학습과 채점의 시드",
    "End after so long without a submission.": "제출이 이 시간(분) 동안 없으면 종료",
    # check, train, submit, start
    "Folder to create.": "만들 폴더",
    "Folder, archive, .py or notebook. Default: here if it holds solution.py or one notebook, else ./MISSION.": (
        "폴더, 압축 파일, .py 또는 노트북. 생략하면 solution.py나 하나뿐인 노트북이 있는 현재 폴더, 없으면 ./MISSION"
    ),
    "Where to write the exported model.": "내보낸 모델을 저장할 파일",
    "Replace FILE if it exists.": "FILE이 있으면 덮어쓰기",
    "Where the code runs; none, since it is your own.": "코드를 실행할 곳. 자기 코드이므로 기본값은 none",
    "A model trained elsewhere; it is measured, not trained again.": (
        "다른 곳에서 학습한 모델. 다시 학습하지 않고 측정만 함"
    ),
    "Folder for report.json and report.html; those in it are replaced.": (
        "report.json과 report.html을 저장할 폴더. 이미 있으면 덮어씀"
    ),
    "Print the report as JSON and nothing else; files only with --out.": (
        "보고서를 JSON으로만 출력. 파일은 --out을 쓸 때만 저장"
    ),
    # batch, regrade
    "One entry per student, or a bulk download.": "학생마다 항목이 하나인 폴더, 또는 일괄 다운로드한 폴더",
    "Where names do not say it.": "이름만으로 알 수 없을 때 미션 지정",
    "Who is enrolled: id, name, email, section.": "학생 명단: 학번, 이름, 이메일, 분반",
    "Where results are kept.": "결과를 보관할 폴더",
    "PostgreSQL instead of SQLite: postgresql://…": "SQLite 대신 쓸 PostgreSQL: postgresql://…",
    "Who laid the folder out.": "폴더의 구조",
    "Only this student; may be given several times.": "이 학생만. 여러 번 쓸 수 있음",
    "Gradings at one time.": "동시에 채점할 개수",
    "GPUs to train on.": "학습에 쓸 GPU",
    "Gradings at one time on each GPU.": "GPU마다 동시에 채점할 개수",
    "Grade on a Ray cluster.": "Ray 클러스터에서 채점",
    "Train everything, also what came with a model.": "모델이 함께 제출된 것도 모두 다시 학습",
    "Grade again what has not changed.": "바뀌지 않은 것도 다시 채점",
    "How to tell what happens; json writes one object per line.": "진행 상황 표시 방법. json은 한 줄에 객체 하나",
    "Allow --sandbox none: their code then runs as you.": ("--sandbox none을 허용. 제출된 코드가 내 권한으로 실행됨"),
    # gradebook, export, stats, similarity
    "Only this one.": "이 미션만",
    "Only this student.": "이 학생만",
    "One of the formats above.": "위의 형식 중 하나",
    "Where to.": "저장할 파일",
    "Of `reports`: an index that names nobody as being ahead.": "`reports`의 색인에 순위표를 넣지 않음",
    "CSV that Excel opens with Korean names intact.": "Excel에서 한글 이름이 깨지지 않는 CSV로 저장",
    "Write a page with charts.": "차트가 있는 페이지를 저장",
    "Print JSON and nothing else.": "JSON만 출력",
    "Share of own code from where a pair is listed.": "목록에 올릴 코드 일치 비율(시작 코드 제외)",
    "Folder for the pages: a table, and each pair side by side.": "전체 표와 쌍별 비교 페이지를 저장할 폴더",
    # verify, new
    "Default: all.": "생략하면 모두",
    "Leave out what trains for long.": "오래 학습하는 항목은 빼고 확인",
    "Only cases of this name, such as reference.": "이 이름의 항목만(예: reference)",
    "Grade each reference with so many seeds.": "참고 풀이마다 채점해 볼 시드 수",
    "Write the results as JUnit XML.": "결과를 JUnit XML로 저장",
    "Its name, such as mission_fashion.": "미션 이름(예: mission_fashion)",
    "Course to write it into.": "미션을 만들어 넣을 과정",
    # doctor, report, data, image
    "Remove what killed gradings left behind: containers, cgroups, folders.": (
        "강제 종료된 채점이 남긴 컨테이너, cgroup, 폴더를 정리"
    ),
    "A report.html, or the folder that holds it.": "report.html 또는 그 파일이 있는 폴더",
    "Where to write.": "저장할 파일",
    "Which; default: all.": "내려받을 팩. 생략하면 모두",
    "wheel, mirror, folder, a folder's path or a URL.": "wheel, mirror, folder, 폴더 경로 또는 URL",
    "Name to give it.": "이미지 이름",
    "Image to build on.": "바탕이 되는 이미지",
    "Certificates to trust while packages are fetched.": "패키지를 내려받을 때 신뢰할 인증서",
    "Build even if nothing has changed.": "바뀐 것이 없어도 다시 만들기",
    # Defaults in words
    "one per core": "코어마다 하나",
    "FORMAT in the gradebook": "성적부 폴더의 FORMAT",
    "the one around here": "현재 폴더가 속한 과정",
    "beside the page": "페이지와 같은 폴더",
    "each in turn": "차례로 시도",
    "the configured image": "설정된 이미지",
    "the Dockerfile's own": "Dockerfile에 적힌 이미지",
    # Lines under the options
    "Example:": "예:",
    "Examples:": "예:",
    "Examples": "예",
    "Exit codes": "종료 코드",
    "Exit codes of submit": "submit의 종료 코드",
    "copy the starter code to ./mission_cnn": "시작 코드를 ./mission_cnn에 복사",
    "find contract mistakes in seconds": "형식 오류를 몇 초 만에 점검",
    "train, measure, score, write a report": "학습, 측정, 채점, 보고서 저장",
    "grade one notebook, archive or folder": "노트북, 압축 파일, 폴더를 채점",
    "what this machine has and what it lacks": "이 컴퓨터에 있는 것과 없는 것",
    "0 passed · 1 below the pass mark · 2 usage · 3 machine failed · 130 stopped": (
        "0 통과 · 1 통과 기준 미달 · 2 사용법 오류 · 3 채점 환경 문제 · 130 중단"
    ),
    "The same command again grades only what is new, changed or missing.": (
        "같은 명령을 다시 실행하면 새로 들어온 것, 바뀐 것, 채점하지 못한 것만 채점합니다."
    ),
    "0 all graded · 2 usage · 3 some could not be graded · 130 stopped": (
        "0 모두 채점 · 2 사용법 오류 · 3 일부를 채점하지 못함 · 130 중단"
    ),
    "0 sound · 1 not as it must be · 2 usage or spec error · 3 machine failed": (
        "0 모두 예상대로 · 1 예상과 다름 · 2 사용법 또는 명세 오류 · 3 채점 환경 문제"
    ),
}
"""By the English of the commands, a paragraph or a line each."""

TITLES: Final = {
    "ARGUMENTS_PANEL_TITLE": "인자",
    "OPTIONS_PANEL_TITLE": "옵션",
    "COMMANDS_PANEL_TITLE": "명령",
    "ERRORS_PANEL_TITLE": "오류",
    "DEFAULT_STRING": "[기본값: {}]",
    "REQUIRED_LONG_STRING": "[필수]",
    "RICH_HELP": "도움말 보기: [blue]{command_path} {help_option}[/]",
}
"""By the name that `typer.rich_utils` gives to its own words."""

USAGE: Final = "사용법: "
OPTIONS_METAVAR: Final = "[옵션]"
COMMAND_METAVAR: Final = "명령 [인자]..."

ERRORS: Final = (
    (r"No such command '(.*)'\. Did you mean (.*)\?", "'{0}' 명령은 없습니다. 비슷한 명령: {1}"),
    (r"No such command '(.*)'\.", "'{0}' 명령은 없습니다."),
    (r"No such option: (.*) \(Possible options: (.*)\)", "{0} 옵션은 없습니다. 비슷한 옵션: {1}"),
    (r"No such option: (.*)", "{0} 옵션은 없습니다."),
    (r"Missing argument (.*)\.", "{0} 인자가 빠졌습니다."),
    (r"Got unexpected extra argument\(s\) \((.*)\)", "쓰이지 않는 인자가 있습니다: {0}"),
    (r"Option (.*) requires an argument\.", "{0} 옵션에는 값이 필요합니다."),
    (r"Option (.*) does not take a value\.", "{0} 옵션에는 값을 줄 수 없습니다."),
    (r"Invalid value for (.*?): (.*)", "{0} 값이 올바르지 않습니다. {1}"),
    (r"say auto, none, or the index of a GPU such as 0", "auto, none 또는 0과 같은 GPU 번호를 쓰세요."),
    (r"Value error, (.*) is not one of (.*)\.", "{0} 대신 다음 중 하나를 쓰세요: {1}"),
    (r"path (.*) does not exist\.", "{0} 경로가 없습니다."),
    (r"Input should be a valid integer.*", "정수를 쓰세요."),
    (r"Input should be a valid number.*", "숫자를 쓰세요."),
    (r"Input should be greater than or equal to (.*)", "{0} 이상이어야 합니다."),
    (r"Input should be less than or equal to (.*)", "{0} 이하여야 합니다."),
)
"""What a usage error or a part of it says: a pattern of the English, and the Korean with the pattern's groups."""
