"""What exercises call: each check names the likely misunderstanding.

    from dsvl_min.checks import whole_model as check

    place = check.place(place)        # yours if it is right, the package's if you haven't begun

judge.py says how an attempt is judged, faults.py what can go wrong by which name; the other modules hold the checks,
parts.py those of the model's parts, the rest one chapter's each.
"""
