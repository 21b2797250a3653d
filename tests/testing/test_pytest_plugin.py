"""The pytest plugin, in sessions of pytest of its own."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import cardocr_nb.testing  # noqa: F401 - pytester forgets modules that its sessions import first, and NumPy cannot be imported twice

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parents[2]
PLUGIN = ["-p", "cardocr_service", "-p", "no:cacheprovider", "-W", "error"]


def test_each_test_gets_a_service_of_its_own_on_a_free_port(pytester):
    pytester.makepyfile(
        """
        seen = set()

        def use(service):
            assert service.url not in seen and not service.jobs and not list(service.folder.iterdir())
            seen.add(service.url)
            service.add_photo("a.jpg")
            with service.client() as client:
                client.wait(client.submit("a.jpg", card_type="IDCard"))
            service.assert_paid_once("a.jpg")

        def test_one(cardocr_service):
            use(cardocr_service)

        def test_two(cardocr_service):
            use(cardocr_service)
        """
    )
    pytester.runpytest_inprocess(*PLUGIN).assert_outcomes(passed=2)


def test_ini_values_options_and_the_marker_set_the_service_up(pytester):
    pytester.makeini(
        """
        [pytest]
        cardocr_bucket = photos-1250000001
        cardocr_queue_limit = 7
        cardocr_faults =
            throttle=0.5
            slow=0
        """
    )
    pytester.makepyfile(
        """
        import pytest

        def rates(service):
            return service._faults.rates

        def test_ini(cardocr_service):
            assert cardocr_service.bucket == "photos-1250000001"
            assert rates(cardocr_service) == {"throttle": 0.25}

        @pytest.mark.cardocr_service(bucket="marked-1", faults={})
        def test_marker(cardocr_service):
            assert cardocr_service.bucket == "marked-1"
            assert rates(cardocr_service) == {}
        """
    )
    result = pytester.runpytest_inprocess(*PLUGIN, "--strict-markers", "--cardocr-fault", "throttle=0.25")
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("arguments", "ini", "named"),
    [
        (["--cardocr-fault", "fire=1"], "", "a fault must be*, got a str of 4 characters"),
        ([], "cardocr_workers = many", "cardocr_workers must be a number, got 'many'"),
    ],
)
def test_a_wrong_setting_is_named(pytester, arguments, ini, named):
    pytester.makeini(f"[pytest]\n{ini}\n")
    pytester.makepyfile("def test_it(cardocr_service): pass")
    result = pytester.runpytest_inprocess(*PLUGIN, *arguments)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{named}*"])


def test_a_wrong_option_of_the_marker_lists_the_options(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.cardocr_service(queue_limmit=1)
        def test_near(cardocr_service): pass

        @pytest.mark.cardocr_service(bogus=1)
        def test_far(cardocr_service): pass
        """
    )
    result = pytester.runpytest_inprocess(*PLUGIN)
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        ["*the marker cardocr_service takes the options of CardOCRService: *did you mean 'queue_limit'*", "*bucket, region, queue_limit*"]
    )  # fmt: skip


def test_a_failed_assertion_fails_the_test_with_the_keys(pytester):
    pytester.makepyfile("def test_it(cardocr_service): cardocr_service.assert_paid_once('front/1.jpg')")
    result = pytester.runpytest_inprocess(*PLUGIN)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*AssertionError: each object must be paid for once, got 'front/1.jpg' 0 times*"])


def test_a_service_for_the_session_lives_until_its_end(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="session")
        def service(make_cardocr_service):
            return make_cardocr_service(queue_limit=3)

        def test_one(service):
            service.add_photo("a.jpg")

        def test_two(service):
            assert (service.folder / "a.jpg").is_file()
        """
    )
    pytester.runpytest_inprocess(*PLUGIN).assert_outcomes(passed=2)


def test_the_processes_of_xdist_have_services_of_their_own(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("n", range(4))
        def test_it(cardocr_service, n):
            cardocr_service.add_photo("a.jpg")
            with cardocr_service.client() as client:
                client.wait(client.submit("a.jpg", card_type="IDCard"))
            cardocr_service.assert_paid_once("a.jpg")
        """
    )
    result = pytester.runpytest_inprocess(*PLUGIN, "-n", "2")
    result.assert_outcomes(passed=4)


def test_a_session_that_does_not_use_it_imports_nothing_but_pytest():
    code = (
        "import sys, pytest; before = set(sys.modules); import cardocr_service;"
        "print(sorted(m.split('.')[0] for m in set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - this interpreter
    assert done.stdout.strip() == "['cardocr_service']"


def test_the_plugin_is_an_entry_point_and_a_file_of_the_wheel():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["entry-points"]["pytest11"] == {"cardocr_service": "cardocr_service"}
    files = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert files["cardocr_service.py"] == "cardocr_service.py"


def test_a_misspelled_pattern_or_option_fails_the_test_that_has_it(pytester):
    pytester.makepyfile(
        """
        import pytest

        def test_pattern(cardocr_service):
            cardocr_service.set_reading("front/*.jpg", {"name": "样本"})

        @pytest.mark.cardocr_service(queue_limt=1)
        def test_option(cardocr_service):
            pass
        """
    )
    result = pytester.runpytest_inprocess(*PLUGIN)
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["*UnusedReadingWarning: *'front/[*].jpg'*", "*did you mean 'queue_limit'*"])
